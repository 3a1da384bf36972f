/** The published GANs in jax-js: a step is one compiled function, as its documentation has it done. */
import { blockUntilReady, jit, lax, nn, numpy as np, tree, valueAndGrad } from '@jax-js/jax';
import type { Layer } from '../src/presets.ts';
import { ADAM, type GanSteps, LATENT, LEAK, type StepsOptions } from './gan-steps.ts';

/** Of each layer that has some: weights and biases, or a norm's scale and shift. */
type Params = np.Array[][];
type State = { g: Params; d: Params; gm: Params; gv: Params; dm: Params; dv: Params };

export async function jaxGan({ gan, batch, random }: StepsOptions): Promise<GanSteps> {
  const array = (shape: number[], bound: number) =>
    np
      .array(
        random(
          shape.reduce((all, n) => all * n, 1),
          bound,
        ),
      )
      .reshape(shape);
  const zeros = (params: Params): Params =>
    params.map((each) => each.map(({ shape }) => np.zeros(shape)));
  const [g, d] = [gan.generator, gan.discriminator].map((layers) => initial(layers, array));
  let state: State = {
    ...{ g: g!, d: d! },
    ...{ gm: zeros(g!), gv: zeros(g!), dm: zeros(d!), dv: zeros(d!) },
  };
  const run = (layers: readonly Layer[], params: Params, x: np.Array) => {
    let [out, at] = [x, 0];
    for (const layer of layers) {
      const own = 'from' in layer || layer.type === 'batchNorm' ? params[at++]! : [];
      out = apply(layer, own, out);
    }
    return out;
  };
  const draw = (params: Params, z: np.Array) => {
    const out = run(gan.generator, params, z);
    return gan.sample.length === 1 ? out : out.reshape([batch, 1, 28, 28]);
  };
  const dLoss = (params: Params, real: np.Array, fake: np.Array) => {
    const onReal = run(gan.discriminator, tree.ref(params) as Params, real);
    const onFake = run(gan.discriminator, params, fake);
    return nn.softplus(onReal.neg()).mean().add(nn.softplus(onFake).mean());
  };
  const gLoss = (params: Params, critic: Params, z: np.Array) =>
    nn.softplus(run(gan.discriminator, critic, draw(params, z)).neg()).mean();
  const step = jit((now: State, real: np.Array, z: np.Array, z2: np.Array, rate: np.Array) => {
    const fake = lax.stopGradient(draw(tree.ref(now.g) as Params, z));
    const [dValue, dGrad] = valueAndGrad(dLoss)(tree.ref(now.d) as Params, real, fake);
    const nextD = adam(now.d, dGrad as Params, now.dm, now.dv, rate.ref);
    const [gValue, gGrad] = valueAndGrad(gLoss)(
      tree.ref(now.g) as Params,
      tree.ref(nextD.params) as Params,
      z2,
    );
    const nextG = adam(now.g, gGrad as Params, now.gm, now.gv, rate);
    const next: State = {
      ...{ g: nextG.params, gm: nextG.m, gv: nextG.v },
      ...{ d: nextD.params, dm: nextD.m, dv: nextD.v },
    };
    return { next, losses: np.stack([dValue, gValue]) };
  });
  const images = random(batch * 784, 1);
  let count = 0;
  return {
    description: 'jax-js',
    async step() {
      count += 1;
      const shape = gan.sample.length === 1 ? [batch, 784] : [batch, 1, 28, 28];
      const latent = () => np.array(random(batch * LATENT, 1)).reshape([batch, LATENT]);
      const [{ beta1, beta2, rate }, real] = [ADAM, np.array(images).reshape(shape)];
      const corrected = (rate * Math.sqrt(1 - beta2 ** count)) / (1 - beta1 ** count);
      const { next, losses } = step(state, real, latent(), latent(), np.array([corrected]));
      state = next;
      const [dValue, gValue] = await losses.data();
      await blockUntilReady(tree.ref(state));
      return { dLoss: dValue!, gLoss: gValue! };
    },
  };
}

function initial(
  layers: readonly Layer[],
  array: (shape: number[], bound: number) => np.Array,
): Params {
  return layers.flatMap((layer): Params => {
    if (layer.type === 'batchNorm')
      return [[np.ones([layer.channels]), np.zeros([layer.channels])]];
    if (layer.type !== 'dense' && layer.type !== 'conv') return [];
    const { from, to } = layer;
    const inputs = layer.type === 'dense' ? from : from * layer.kernel ** 2;
    const shape = layer.type === 'dense' ? [from, to] : [to, from, layer.kernel, layer.kernel];
    return [[array(shape, 1 / Math.sqrt(inputs)), np.zeros([to])]];
  });
}

function apply(layer: Layer, params: np.Array[], x: np.Array): np.Array {
  switch (layer.type) {
    case 'dense':
      return np.matmul(x, params[0]!).add(params[1]!);
    case 'conv': {
      const { stride, pad, to } = layer;
      const out = lax.convGeneralDilated(
        x,
        params[0]!,
        [stride, stride],
        [
          [pad, pad],
          [pad, pad],
        ],
      );
      return out.add(params[1]!.reshape([1, to, 1, 1]));
    }
    case 'batchNorm': {
      const axes = [0, 2, 3];
      const centred = x.ref.sub(np.mean(x, axes, { keepdims: true }));
      const variance = np.mean(np.square(centred.ref), axes, { keepdims: true });
      const [scale, shift] = params.map((each) => each.reshape([1, layer.channels, 1, 1]));
      return centred
        .div(np.sqrt(variance.add(1e-5)))
        .mul(scale!)
        .add(shift!);
    }
    case 'avgPool': {
      const [n, c, h, w] = x.shape as [number, number, number, number];
      return np.mean(x.reshape([n, c, h / 2, 2, w / 2, 2]), [3, 5]);
    }
    case 'flatten':
      return x.reshape([x.shape[0]!, x.size / x.shape[0]!]);
    case 'view':
      return x.reshape([x.shape[0]!, layer.channels, layer.size, layer.size]);
    case 'relu':
      return nn.relu(x);
    case 'leakyRelu':
      return nn.leakyRelu(x, LEAK);
    case 'tanh':
      return np.tanh(x);
  }
}

function adam(params: Params, gradients: Params, m: Params, v: Params, rate: np.Array) {
  const { beta1, beta2, epsilon } = ADAM;
  const [newM, newV]: Params[] = [[], []];
  const next = params.map((each, i) => {
    const [ms, vs]: np.Array[][] = [[], []];
    const out = each.map((param, k) => {
      const gradient = gradients[i]![k]!;
      const mean = m[i]![k]!.mul(beta1).add(gradient.ref.mul(1 - beta1));
      const square = v[i]![k]!.mul(beta2).add(np.square(gradient).mul(1 - beta2));
      ms!.push(mean.ref);
      vs!.push(square.ref);
      return param.sub(rate.ref.mul(mean).div(np.sqrt(square).add(epsilon)));
    });
    newM!.push(ms!);
    newV!.push(vs!);
    return out;
  });
  rate.dispose();
  return { params: next, m: newM!, v: newV! };
}
