// What of others is bundled: their licences as those ask, and the bill of materials.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Contrib, Enums, Models, Serialize, Spec } from '@cyclonedx/cyclonedx-library';

const { Builders, Factories } = Contrib.FromNodePackageJson;
const licenses = new Contrib.License.Factories.LicenseFactory();
const builder = new Builders.ComponentBuilder(new Factories.ExternalReferenceFactory(), licenses);

/** @returns the manifests of the packages that a build took something from, in the order of their names, each with the folder it lies in */
function packagesOf({ inputs }, root) {
  const folders = new Set(Object.keys(inputs).flatMap((path) => /(?:^|\/)(node_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []));
  return [...folders].sort().map((folder) => ({ folder, manifest: JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) }));
}

/** `third-party-notices.txt`: each package with its licence. */
export function writeNotices(metafile, root, outdir) {
  const notices = packagesOf(metafile, root).map(({ folder, manifest: { name, version, license } }) => {
    const file = readdirSync(join(root, folder)).find((entry) => /^licen[cs]e/i.test(entry));
    return `${name} ${version} (${license})\n\n${file === undefined ? '' : readFileSync(join(root, folder, file), 'utf8').trim()}\n`;
  });
  writeFileSync(resolve(root, outdir, 'third-party-notices.txt'), notices.join(`\n${'-'.repeat(80)}\n\n`));
}

/** `sbom.cdx.json`: CycloneDX 1.6, with the digests that the lock file has. No time and no number of its own: the same source gives the same file. */
export function writeBillOfMaterials(metafile, root, outdir) {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const { name, version, license } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const main = builder.makeComponent({ name, version, license }, Enums.ComponentType.Application);
  main.bomRef.value = main.purl = `pkg:npm/${name}@${version}`;
  const bom = new Models.Bom({ metadata: new Models.Metadata({ component: main, lifecycles: [Enums.LifecyclePhase.Build] }) });
  for (const { folder, manifest } of packagesOf(metafile, root)) {
    const component = builder.makeComponent(manifest, Enums.ComponentType.Library);
    component.bomRef.value = component.purl = `pkg:npm/${manifest.name.replace('@', '%40')}@${manifest.version}`;
    const [algorithm, digest] = (lock[folder]?.integrity ?? '').split(/-(.*)/s);
    if (algorithm !== 'sha512') throw new Error(`${folder} has no SHA-512 digest in package-lock.json.`);
    component.hashes.set(Enums.HashAlgorithm['SHA-512'], Buffer.from(digest, 'base64').toString('hex'));
    bom.components.add(component);
    main.dependencies.add(component.bomRef);
  }
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
  writeFileSync(resolve(root, outdir, 'sbom.cdx.json'), `${serializer.serialize(bom, { sortLists: true, space: 2 })}\n`);
}
