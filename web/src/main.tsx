import { render } from "preact";
import { App } from "./lib/app";
import { Page } from "./view/page";

const app = new App();
render(<Page app={app} />, document.getElementById("page")!);
void app.start();
