/** A network within a step: its weights in the state, passes in training, and updates. */
import { type Lowered, lowerNetwork, type Network } from '@ganport/model';
import { ops as op, type Value } from '@ganport/onnx';
import { ADAM_SLOTS, type AdamOptions, adam } from './adam.ts';
import type { Draft } from './draft.ts';

/** Weights by parameter name. */
export type Weights = Readonly<Record<string, Value>>;

interface Limits {
  /** Keeps each weight from −clip to clip. */
  clip?: number | undefined;
  /** See `adam`. */
  gradientNorm?: number | undefined;
}

export interface Player {
  /** The weights as they stand, for one turn: no gradient flows through them to an earlier one. */
  weights(): Weights;
  /**
   * A pass in training mode, which counts towards the running statistics.
   * @param where names the pass among those of a step
   * @param inputs of which the network takes those it has
   * @returns its outputs by name
   */
  pass(
    where: string,
    inputs: Readonly<Record<string, Value | undefined>>,
    weights: Weights,
  ): Lowered['outputs'];
  /**
   * One update of the weights down the gradient of an objective.
   * @param limits see `Limits`
   */
  minimise(
    objective: Value,
    weights: Weights,
    rates: Value,
    options: AdamOptions,
    limits?: Limits,
  ): void;
}

/** @param prefix of the network's tensors in the state */
export function createPlayer(draft: Draft, prefix: string, network: Network): Player {
  const trained = network.parameters.filter((p) => p.trained).map(({ name }) => name);
  for (const { name, shape, init } of network.parameters) {
    draft.declare(`${prefix}.${name}`, shape, init);
  }
  return {
    weights: () =>
      Object.fromEntries(
        network.parameters.map(({ name }) => [
          name,
          op.stopGradient(draft.get(`${prefix}.${name}`)),
        ]),
      ),
    pass(where, inputs, weights) {
      // What earlier passes have counted, this one goes on from.
      const counted = network.parameters
        .filter((p) => !p.trained)
        .map(({ name }) => [name, draft.get(`${prefix}.${name}`)] as const);
      const current = { ...weights, ...Object.fromEntries(counted) };
      const own = Object.keys({ ...network.inputs, ...network.labels });
      const given = Object.fromEntries(own.map((name) => [name, inputs[name]!]));
      const { outputs, updates } = lowerNetwork(network, given, current, {
        training: true,
        random: (name, ...rest) => draft.random(`${where}.${name}`, ...rest),
      });
      for (const [name, next] of Object.entries(updates)) draft.set(`${prefix}.${name}`, next);
      return outputs;
    },
    minimise(objective, weights, rates, options, { clip, gradientNorm } = {}) {
      const [m, v] = ADAM_SLOTS.map((slot) => (name: string) => `${slot}.${prefix}.${name}`);
      const now = trained.map((name) => ({
        weight: weights[name]!,
        m: draft.get(m!(name)),
        v: draft.get(v!(name)),
      }));
      adam(objective, now, rates, options, gradientNorm).forEach((next, i) => {
        const name = trained[i]!;
        draft.set(m!(name), next.m);
        draft.set(v!(name), next.v);
        const weight = clip === undefined ? next.weight : op.Clip(next.weight, -clip, clip);
        draft.set(`${prefix}.${name}`, weight);
      });
    },
  };
}

/** Declares zeros of each trained weight's shape, before whose names `slot` stands. */
export function declareSlots(draft: Draft, slot: string, prefix: string, network: Network): void {
  for (const { name, shape, trained } of network.parameters) {
    if (trained) draft.declare(`${slot}.${prefix}.${name}`, shape, { type: 'constant', value: 0 });
  }
}
