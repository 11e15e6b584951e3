// A local file that takes no room: it knows which bytes of what it is, and its content follows from their places.

export class Film {
  constructor(
    readonly name: string,
    readonly size: number,
    readonly type = "video/mp4",
    readonly start = 0,
  ) {}

  slice(from = 0, to = this.size): Film {
    const [start, end] = [Math.min(from, this.size), Math.min(to, this.size)];
    return new Film(this.name, end - start, this.type, this.start + start);
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    const salt = this.name.length;
    return Uint8Array.from({ length: this.size }, (_, i) => ((this.start + i) * 31 + salt) % 251).buffer;
  }

  /** As the uploader sees it. */
  get file(): Blob & { name: string } {
    return this as unknown as Blob & { name: string };
  }
}
