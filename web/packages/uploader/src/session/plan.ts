// How a file of a given size is cut into parts: the same arithmetic as the server's. The limits are S3's. All parts but
// the last are equal, so resuming needs nothing but the plan.

const MIB = 2 ** 20;
/** Smallest part, except the last. */
const MIN_PART_BYTES = 5 * MIB;
/** Largest part. */
const MAX_PART_BYTES = 5 * 1024 * MIB;
/** Most parts of one upload. */
const MAX_PARTS = 10_000;
/** Largest object: 48.8 TiB. */
const MAX_OBJECT_BYTES = MAX_PARTS * MAX_PART_BYTES;
/** Preferred part size. */
const DEFAULT_PART_BYTES = 8 * MIB;

/** A file's size and the size of all its parts but the last. */
export class PartPlan {
  private constructor(
    /** The whole file. */
    readonly sizeBytes: number,
    /** Every part but the last. */
    readonly partBytes: number,
  ) {}

  /** Plans a file, preferring the given part size. `undefined` for an empty file, and for one too large. */
  static withPreferred(sizeBytes: number, preferredBytes = DEFAULT_PART_BYTES): PartPlan | undefined {
    if (!(sizeBytes >= 1 && sizeBytes <= MAX_OBJECT_BYTES)) return undefined;
    const clamped = Math.min(Math.max(preferredBytes, MIN_PART_BYTES), MAX_PART_BYTES);
    const wanted = Math.max(clamped, Math.ceil(sizeBytes / MAX_PARTS));
    return new PartPlan(sizeBytes, Math.ceil(wanted / MIB) * MIB);
  }

  /** Takes up a plan that the server made. `undefined` if it cannot be one. */
  static restore(sizeBytes: number, partBytes: number): PartPlan | undefined {
    const fits = sizeBytes >= 1 && partBytes >= MIN_PART_BYTES && partBytes <= MAX_PART_BYTES;
    if (!fits || Math.ceil(sizeBytes / partBytes) > MAX_PARTS) return undefined;
    return new PartPlan(sizeBytes, partBytes);
  }

  /** How many parts, 1 to 10,000. */
  get partCount(): number {
    return Math.ceil(this.sizeBytes / this.partBytes);
  }

  /** Whether this is the number of one of its parts. */
  has(number: number): boolean {
    return Number.isInteger(number) && number >= 1 && number <= this.partCount;
  }

  /** Where a part of the plan begins. */
  offsetOf(number: number): number {
    return (number - 1) * this.partBytes;
  }

  /** How long a part is; 0 if it is not of the plan. */
  lengthOf(number: number): number {
    return this.has(number) ? Math.min(this.partBytes, this.sizeBytes - this.offsetOf(number)) : 0;
  }
}
