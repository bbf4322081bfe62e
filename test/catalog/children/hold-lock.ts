// Takes the lock of a folder, says whether it was got, and holds it until its input ends.
import { lockCatalog } from '../../../src/catalog/lock.ts'
import { asUpdaterError } from '../../../src/errors.ts'

process.stdout.write('ready\n')
process.stdin.once('data', async () => {
  try {
    const lock = await lockCatalog(process.argv[2] ?? '')
    process.stdout.write('locked\n')
    process.stdin.once('end', () => lock.release())
    process.stdin.resume()
  } catch (error) {
    process.stdout.write(`${asUpdaterError(error).code}\n`)
    process.stdin.destroy()
  }
})
