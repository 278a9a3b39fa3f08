// Keeps the page current: how the connection stands comes as events, the list by the application's own proxy.
const find = (name) => document.querySelector(`[data-${name}]`)
const put = (name, text) => {
  const element = find(name)
  if (element !== null && element.textContent !== text) element.textContent = text
}

const reasons = {
  GrantRejected: "Access was withdrawn, or has expired. Nothing of yours was lost here.",
  RotationLost: "An answer of Frame.io was lost on the way, and it takes the old one no more.",
  RefreshTokenExpired: "It was not used for too long.",
  Ended: "Frame.io has ended it."
}

const words = {
  Active: "Connected",
  Renewing: "Renewing",
  Indeterminate: "Checking",
  ReauthorizationRequired: "Ended",
  Revoked: "Disconnected",
  Absent: "Disconnected"
}

const show = (told) => {
  put("state", words[told.state])
  put("renewed", told.serial <= 1 ? "not yet" : told.serial === 2 ? "once" : `${told.serial - 1} times`)
  if (told.expiresAt !== undefined) {
    const time = document.createElement("time")
    time.dateTime = told.expiresAt
    time.textContent = `${told.expiresAt.slice(11, 19)} UTC`
    find("expires").replaceChildren(time)
  }
  put("until", told.connected ? "Access until" : "Access was until")
  find("pill").className = `pill ${told.connected ? "connected" : "reconnect"}`
  find("reconnect").hidden = told.state !== "ReauthorizationRequired"
  if (told.why !== undefined) put("why", reasons[told.why] ?? "The connection has ended.")
  for (const element of document.querySelectorAll("[data-live], [data-workspaces]")) element.hidden = !told.connected
  // what was disconnected elsewhere is not shown here as if it were there
  if (told.state === "Revoked" || told.state === "Absent") location.replace("/")
}

if (find("connection") !== null) {
  const events = new EventSource("/oauth/events")
  events.addEventListener("connection", ({ data }) => show(JSON.parse(data)))
  addEventListener("pagehide", () => events.close())
}

const ask = async (path) => {
  const response = await fetch(`/api${path}`, { headers: { "x-csrf": "1", "accept": "application/json" } })
  const body = await response.json()
  if (!response.ok) throw new Error(body.title ?? "Frame.io cannot be asked right now.")
  return body.data
}

const reload = find("reload")
if (reload !== null) {
  reload.hidden = false
  reload.addEventListener("click", async () => {
    reload.disabled = true
    put("note", "Asking Frame.io …")
    try {
      const lines = []
      for (const account of await ask("/v4/accounts")) {
        for (const workspace of await ask(`/v4/accounts/${account.id}/workspaces`)) {
          lines.push([workspace.name, account.display_name ?? account.id])
        }
      }
      find("list").replaceChildren(...lines.map(([name, account]) => {
        const item = document.createElement("li")
        const [title, small] = [document.createElement("span"), document.createElement("span")]
        title.textContent = name
        small.textContent = account
        small.className = "muted"
        item.append(title, small)
        return item
      }))
      put("note", `${lines.length} workspaces, just now`)
    } catch (error) {
      put("note", error.message)
    }
    reload.disabled = false
  })
}

// a second click on a button that has begun something is not meant
for (const form of document.forms) {
  form.addEventListener("submit", () => setTimeout(() => form.querySelector("button").disabled = true))
}
addEventListener("pageshow", ({ persisted }) => persisted && location.reload())
