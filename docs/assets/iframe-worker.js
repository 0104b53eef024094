// A page from file:// may start no worker. Where that is so, a hidden frame runs the worker's script instead.
// It stands in for as much of Worker as the search uses.
if (location.protocol === "file:") {
  const load = (inner, url) =>
    new Promise((resolve, reject) => {
      const script = inner.document.createElement("script")
      script.src = new URL(url, location.href)
      script.onload = resolve
      script.onerror = reject
      inner.document.body.appendChild(script)
    })
  window.Worker = class extends EventTarget {
    constructor(url) {
      super()
      this.frame = document.createElement("iframe")
      this.frame.hidden = true
      this.frame.title = "search"
      document.body.appendChild(this.frame)
      const inner = this.frame.contentWindow
      inner.postMessage = (data) => setTimeout(() => this.hear(new MessageEvent("message", { data })))
      inner.importScripts = (...urls) =>
        urls.reduce((done, each) => done.then(() => load(inner, each)), Promise.resolve())
      this.ready = load(inner, url)
    }
    hear(message) {
      this.dispatchEvent(message)
      if (this.onmessage) this.onmessage(message)
    }
    postMessage(data) {
      const message = new MessageEvent("message", { data })
      this.ready.then(() => this.frame.contentWindow.dispatchEvent(message))
    }
    terminate() {
      this.frame.remove()
    }
  }
}
