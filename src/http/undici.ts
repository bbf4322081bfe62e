/**
 * The part of undici that is used. Its whole, with fetch, WebSocket, caches and mocks, takes three times as long to
 * load: 60 ms of processor at the start of each run. It has no entry for less, so these are its files, and
 * package.json names one version of it.
 */
import api from 'undici/lib/api/index.js'
import Agent from 'undici/lib/dispatcher/agent.js'
import Dispatcher from 'undici/lib/dispatcher/dispatcher.js'
import Pool from 'undici/lib/dispatcher/pool.js'
import ProxyAgent from 'undici/lib/dispatcher/proxy-agent.js'

Object.assign(Dispatcher.prototype, api)

export { Agent, Pool, ProxyAgent }
