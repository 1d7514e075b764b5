/** The last `capacity` rows pushed; older ones are overwritten in place. */
export class Ring<Row> {
  readonly capacity: number;
  private readonly rows: Row[] = [];
  private next = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  push(row: Row): void {
    this.rows[this.next] = row;
    this.next = (this.next + 1) % this.capacity;
  }

  get size(): number {
    return this.rows.length;
  }

  /** Drops rows for good; the others stay in order. */
  remove(drop: (row: Row) => boolean): void {
    const inOrder = [...this.rows.slice(this.next), ...this.rows.slice(0, this.next)];
    const kept = inOrder.filter((row) => !drop(row));
    this.rows.splice(0, this.rows.length, ...kept);
    this.next = kept.length % this.capacity;
  }

  filter(keep: (row: Row) => boolean): Row[] {
    return this.rows.filter(keep);
  }
}
