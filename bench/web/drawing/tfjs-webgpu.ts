import '@tensorflow/tfjs-backend-webgpu';
import { serve } from './page.ts';
import { openTfjs } from './tfjs.ts';

serve((wanted) => openTfjs('webgpu', wanted, 'backend-webgpu'));
