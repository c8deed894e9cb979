import { render } from "preact";

render(<h1>claudemesh</h1>, document.getElementById("page")!);
