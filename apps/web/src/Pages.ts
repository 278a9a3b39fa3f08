/**
 * The page, as HTML: it says everything without script, and the script keeps it
 * current.
 */
import type { ConnectionRoutes } from "@effect-oauth/web"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type { Listing } from "./Listing.ts"

/** What the page shows. */
export interface Shown {
  readonly connection?: ConnectionRoutes.Connection | undefined
  readonly listing?: Listing | undefined
  readonly canWithdraw: boolean
}

/** How the connection stands, in one word for the page. */
export type Standing = "none" | "connected" | "reconnect"

/** How a connection stands. */
export const standingOf = (connection: ConnectionRoutes.Connection | undefined): Standing =>
  connection === undefined || connection.state === "Absent" || connection.state === "Revoked"
    ? "none"
    : connection.connected
    ? "connected"
    : "reconnect"

/** The page. */
export const home = (shown: Shown): HttpServerResponse.HttpServerResponse => {
  const standing = standingOf(shown.connection)
  return document(
    standing === "none"
      ? "Connect Frame.io"
      : standing === "connected"
      ? "Frame.io is connected"
      : "Connect Frame.io again",
    `${reconnect(standing, shown)}
${standing === "none" ? invitation : ""}
${standing === "none" ? "" : card(standing, shown)}
${standing === "connected" ? workspaces(shown) : ""}`
  )
}

const invitation = `<section class="hero" aria-labelledby="title">
<p class="eyebrow">Frame.io</p>
<h1 id="title">Bring your workspaces into the room</h1>
<p class="lead">Connect your Frame.io account once. The connection is renewed by itself, and you can end it at any time.</p>
<p><a class="button" href="/oauth/login">Connect Frame.io</a></p>
<ul class="promises">
<li>You sign in at Frame.io. Your password never comes here.</li>
<li>No token ever reaches this page.</li>
<li>Disconnecting tells Frame.io, too.</li>
</ul>
</section>`

const reconnect = (standing: Standing, { connection }: Shown): string =>
  `<section class="notice" role="alert" data-reconnect${standing === "reconnect" ? "" : " hidden"}>
<h2>Frame.io wants you to connect again</h2>
<p data-why>${escape(reasonOf(connection?.why))}</p>
<p><a class="button" href="/oauth/login">Connect again</a></p>
</section>`

const card = (standing: Standing, { canWithdraw, connection, listing }: Shown): string =>
  `<section class="card" aria-labelledby="title" data-connection>
<header>
<div>
<p class="eyebrow">Frame.io</p>
<h1 id="title">${listing === undefined ? "Your account" : escape(listing.person.name)}</h1>
${listing === undefined ? "" : `<p class="muted">${escape(listing.person.email)}</p>`}
</div>
<p class="pill ${standing}" role="status" data-pill><span class="dot" aria-hidden="true"></span><span data-state>${
    standing === "connected" ? "Connected" : "Ended"
  }</span></p>
</header>
<dl>
<div><dt data-until>${standing === "connected" ? "Access until" : "Access was until"}</dt><dd data-expires>${
    time(connection?.expiresAt)
  }</dd></div>
<div><dt>Renewed</dt><dd data-renewed>${renewed(connection?.serial ?? 0)}</dd></div>
<div class="wide"><dt>You allowed</dt><dd><ul class="scopes">${
    (connection?.scopes ?? []).map((scope) => `<li>${escape(scope)}</li>`).join("")
  }</ul></dd></div>
</dl>
<footer>
<form method="post" action="/oauth/disconnect"><button type="submit" class="leave">Disconnect</button></form>
<form method="post" action="/oauth/logout"><button type="submit" class="quiet">Sign out</button></form>
${
    canWithdraw && standing === "connected"
      ? `<form method="post" action="/sandbox/withdraw" data-live><button type="submit" class="quiet">Withdraw access at the sandbox</button></form>`
      : ""
  }
</footer>
</section>`

const workspaces = ({ listing }: Shown): string =>
  `<section class="list" aria-labelledby="workspaces" data-workspaces>
<header><h2 id="workspaces">Workspaces</h2><button type="button" class="quiet" data-reload hidden>Ask Frame.io again</button></header>
<p class="muted" role="status" data-note>${
    listing === undefined ? "Frame.io cannot be asked right now. The connection is kept. Try again in a minute." : ""
  }</p>
<ul data-list>${
    (listing?.workspaces ?? []).map(({ account, name }) =>
      `<li><span>${escape(name)}</span><span class="muted">${escape(account)}</span></li>`
    ).join("")
  }</ul>
</section>`

/** Why it has to be connected again, for the person whose account it is. */
export const reasonOf = (why: string | undefined): string => reasons[why ?? ""] ?? "The connection has ended."

const reasons: Readonly<Record<string, string>> = {
  GrantRejected: "Access was withdrawn, or has expired. Nothing of yours was lost here.",
  RotationLost: "An answer of Frame.io was lost on the way, and it takes the old one no more.",
  IdentityMismatch: "Frame.io answered for somebody else, and that was not believed.",
  NoRefreshToken: "Frame.io gave access for a while only, and that has ended.",
  RefreshTokenSpent: "Frame.io gave access for a while only, and that has ended.",
  RefreshTokenExpired: "It was not used for too long.",
  Ended: "Frame.io has ended it."
}

const renewed = (serial: number): string => serial <= 1 ? "not yet" : serial === 2 ? "once" : `${serial - 1} times`

const time = (iso: string | undefined): string =>
  iso === undefined ? "not known" : `<time datetime="${escape(iso)}">${escape(iso.slice(11, 19))} UTC</time>`

const escape = (text: string): string => text.replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`)

const document = (title: string, body: string): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.text(
    `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Cutting Room</title>
<link rel="stylesheet" href="/assets/app.css">
<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
<script src="/assets/live.js" defer></script>
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header class="top"><a class="brand" href="/"><span class="mark" aria-hidden="true"></span>Cutting Room</a><span class="muted">a sample of effect-oauth</span></header>
<main id="main">
${body}
</main>
</body>
</html>
`,
    {
      contentType: "text/html; charset=utf-8",
      headers: {
        "cache-control": "no-store",
        "content-security-policy":
          "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
        "referrer-policy": "same-origin",
        "x-content-type-options": "nosniff"
      }
    }
  )
