import { listener, startTrainer } from './trainer.ts';

const api = { trainer: startTrainer(), listener };
declare global {
  interface Window {
    trainingTab: typeof api;
  }
}
window.trainingTab = api;
