// The Secret in the protobuf that client-go sends (k8s.io/api/core/v1/generated.proto), as far as cosign fills it in.
import type { SecretJson } from './kubeApi.ts';

type Fields = readonly (readonly [number, Buffer | number])[];

/** An envelope `k8s\0` around runtime.Unknown around the object. */
export function secretFromProtobuf(bytes: Buffer): SecretJson {
  if (bytes.toString('latin1', 0, 4) !== 'k8s\0') throw new Error('no protobuf of Kubernetes');
  const secret = fieldsOf(bytesIn(fieldsOf(bytes.subarray(4)), 2));
  const metadata = fieldsOf(bytesIn(secret, 1));
  const text = (number: number): string => bytesIn(metadata, number).toString();
  const entries = (of: Fields, number: number, shown: (value: Buffer) => string): Record<string, string> => Object.fromEntries(of.filter(([field]) => field === number).map(([, entry]) => {
    const pair = fieldsOf(entry as Buffer);
    return [bytesIn(pair, 1).toString(), shown(bytesIn(pair, 2))];
  }));
  const immutable = secret.find(([field]) => field === 5)?.[1] === 1;
  return {
    apiVersion: 'v1', kind: 'Secret', type: bytesIn(secret, 3).toString(), data: entries(secret, 2, (value) => value.toString('base64')),
    metadata: { name: text(1), namespace: text(3), uid: text(5), resourceVersion: text(6), labels: entries(metadata, 11, String), annotations: entries(metadata, 12, String) },
    ...(immutable ? { immutable } : {}),
  };
}

const bytesIn = (fields: Fields, number: number): Buffer => {
  const found = fields.find(([field]) => field === number)?.[1];
  return Buffer.isBuffer(found) ? found : Buffer.alloc(0);
};

function fieldsOf(bytes: Buffer): Fields {
  const fields: [number, Buffer | number][] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    if ((tag & 7) === 0) fields.push([tag >>> 3, varint()]);
    else if ((tag & 7) === 2) {
      const size = varint();
      fields.push([tag >>> 3, bytes.subarray(at, at += size)]);
    } else throw new Error(`wire type ${tag & 7} is not expected`);
  }
  return fields;
}
