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

  filter(keep: (row: Row) => boolean): Row[] {
    return this.rows.filter(keep);
  }
}
