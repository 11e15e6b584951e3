// The beginning: the person's settings first, then the page.

import { mount } from "svelte";
import App from "./App.svelte";
import { settings } from "./state/settings.svelte";
import "./style/tokens.css";
import "./style/base.css";
import "./style/controls.css";

settings.apply();
mount(App, { target: document.getElementById("app") as HTMLElement });
