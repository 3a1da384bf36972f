/** What a classifier's logits tell, [n, classes]. */

/**
 * The inception score (Salimans et al. 2016) with this classifier in place of Inception: exp of the mean
 * divergence of each image's classes from those of all; 1 to the number of classes, higher is better.
 */
export function classScore(logits: Float32Array, classes: number): number {
  const count = logits.length / classes;
  const all = new Float64Array(classes);
  let negentropy = 0;
  for (let start = 0; start < logits.length; start += classes) {
    const row = logits.subarray(start, start + classes);
    const most = Math.max(...row);
    const total = row.reduce((sum, x) => sum + Math.exp(x - most), 0);
    for (let k = 0; k < classes; k++) {
      const logP = row[k]! - most - Math.log(total);
      all[k]! += Math.exp(logP) / count;
      negentropy += (Math.exp(logP) * logP) / count;
    }
  }
  return Math.exp(negentropy - all.reduce((sum, p) => sum + (p > 0 ? p * Math.log(p) : 0), 0));
}

/** The class that each row of logits is for. */
function classesOf(logits: Float32Array, classes: number): number[] {
  return Array.from({ length: logits.length / classes }, (_, i) => {
    const row = logits.subarray(i * classes, (i + 1) * classes);
    return row.indexOf(Math.max(...row));
  });
}

/** The share of images that are taken for the class that they should be of: `labels`, one for each. */
export function classAccuracy(
  logits: Float32Array,
  classes: number,
  labels: ArrayLike<number>,
): number {
  const told = classesOf(logits, classes);
  return told.filter((label, i) => label === labels[i]).length / told.length;
}

/** Share of a data set's images that a classifier tells whose features say something of them. */
const KNOWN = 0.5;

/** Whether a classifier knows the classes of images, or ones of the same names. @param labels one for each image */
export function knowsClasses(
  logits: Float32Array,
  classes: number,
  labels: ArrayLike<number>,
): boolean {
  return classAccuracy(logits, classes, labels) >= KNOWN;
}

/** How many images the classifier takes for each class. */
export function modeHistogram(logits: Float32Array, classes: number): number[] {
  return histogramOf(classesOf(logits, classes), classes);
}

/** How many of the labels are of each class. */
export function histogramOf(labels: readonly number[], classes: number): number[] {
  const histogram = Array.from({ length: classes }, () => 0);
  for (const label of labels) histogram[label]! += 1;
  return histogram;
}

/** How many classes a histogram has: exp of its entropy, which is their number where all have the same share. */
export function effectiveClasses(histogram: readonly number[]): number {
  const total = histogram.reduce((sum, n) => sum + n, 0);
  return Math.exp(
    -histogram.reduce((sum, n) => sum + (n > 0 ? (n / total) * Math.log(n / total) : 0), 0),
  );
}

/** Pearson's χ² of two histograms, that both are of one distribution; 0 for the same shares. */
export function chiSquare(a: readonly number[], b: readonly number[]): number {
  const [n, m] = [a, b].map((counts) => counts.reduce((sum, x) => sum + x, 0)) as [number, number];
  return a.reduce((sum, x, i) => {
    const y = b[i]!;
    return x + y === 0 ? sum : sum + (Math.sqrt(m / n) * x - Math.sqrt(n / m) * y) ** 2 / (x + y);
  }, 0);
}

/** Of what a class has in the data, the share that a generator has to draw to have it at all. */
const COVERED = 0.1;

/** How many of the data's classes are drawn, from the shares of each on both sides. */
export function coveredModes(real: readonly number[], generated: readonly number[]): number {
  return real.filter((share, k) => share > 0 && generated[k]! >= COVERED * share).length;
}
