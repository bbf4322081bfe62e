// Replaces the file over and over, by two texts in turn, until it is killed.
import { writeCatalog } from '../../../src/catalog/write.ts'

const [path = '', one = '', other = ''] = process.argv.slice(2)
const texts = [one, other].map((letter) => letter.repeat(300_000))
process.stdout.write('ready\n')
for (let turn = 0; ; turn += 1) await writeCatalog(path, texts[turn % 2] ?? '', texts[(turn + 1) % 2] ?? '')
