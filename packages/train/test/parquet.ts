import type { SchemaElement } from 'hyparquet';
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer';

interface Rows {
  images: (Uint8Array | undefined)[];
  labels?: unknown[];
  /** Of the labels, where they are no whole numbers. */
  labelSchema?: SchemaElement[];
  names?: string[];
  column?: string;
}

/** A file as Hugging Face's library writes them. */
export function parquet({
  images,
  labels,
  labelSchema = [{ name: 'label', type: 'INT64', repetition_type: 'OPTIONAL' }],
  names,
  column = 'image',
}: Rows): Uint8Array {
  const columnData: ColumnSource[] = [
    { name: column, data: images.map((bytes, i) => ({ bytes, path: `${i}.png` })) },
  ];
  if (labels) {
    const data = labels.map((label) => (typeof label === 'number' ? BigInt(label) : label));
    columnData.push({ name: 'label', data });
  }
  const features = { image: { _type: 'Image' }, label: { names, _type: 'ClassLabel' } };
  const value = JSON.stringify({ info: { features } });
  return new Uint8Array(
    parquetWriteBuffer({
      columnData,
      schema: [
        { name: 'root', num_children: columnData.length },
        { name: column, repetition_type: 'OPTIONAL', num_children: 2 },
        { name: 'bytes', type: 'BYTE_ARRAY', repetition_type: 'OPTIONAL' },
        { name: 'path', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
        ...(labels ? labelSchema : []),
      ],
      rowGroupSize: 2,
      ...(names && { kvMetadata: [{ key: 'huggingface', value }] }),
    }),
  );
}
