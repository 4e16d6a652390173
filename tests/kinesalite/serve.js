// Starts kinesalite with a certificate of one's own, which its command line cannot take.
// usage: node serve.js MODULES_DIR ADDRESS PORT CERTIFICATE KEY; prints "listening ADDRESS:PORT" once it does.
const fs = require('fs')
const path = require('path')

const [modules, address, port, certificate, key] = process.argv.slice(2)
const kinesalite = require(path.join(modules, 'kinesalite'))

const server = kinesalite({
  ssl: true,
  cert: fs.readFileSync(certificate),
  key: fs.readFileSync(key),
  ca: [],
  createStreamMs: 50,
  deleteStreamMs: 50,
})
server.listen(Number(port), address, () => {
  console.log(`listening ${server.address().address}:${server.address().port}`)
})
