// Keeps the token where other ports of this machine cannot read it, and leaves no link behind in the history.
"use strict";
localStorage.setItem("auditor-token", document.currentScript.dataset.token);
location.replace("/");
