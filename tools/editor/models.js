// Models in three dimensions, drawn by three.js in the page. It fetches the file and nothing that the file names.

import {
  AmbientLight, Box3, DirectionalLight, Group, LoadingManager, Mesh, MeshStandardMaterial, PerspectiveCamera, Scene,
  SRGBColorSpace, Texture, Vector3, WebGLRenderer,
} from "three";
import { OrbitControls } from "three/examples/jsm/controls/OrbitControls.js";
import { GLTFLoader } from "three/examples/jsm/loaders/GLTFLoader.js";
import { OBJLoader } from "three/examples/jsm/loaders/OBJLoader.js";
import { STLLoader } from "three/examples/jsm/loaders/STLLoader.js";

const COLOUR = 0x9db8b3;

/** Whatever a model names lies elsewhere, and is not loaded. */
const nothingElse = new LoadingManager();
nothingElse.setURLModifier(() => "data:,");

/** @param {Mesh} mesh */
function dress(mesh) {
  mesh.material = new MeshStandardMaterial({ color: COLOUR, roughness: 0.75, metalness: 0.05, side: 2, vertexColors: "color" in mesh.geometry.attributes });
  if (!mesh.geometry.attributes.normal) mesh.geometry.computeVertexNormals();
}

/**
 * Pictures inside of the file become textures without an address of their own, which the page's policy would refuse.
 * @param {any} parser
 */
function insideTextures(parser) {
  return {
    name: "holdfast-textures",
    /** @param {number} index */
    loadTexture: async (index) => {
      const { source, sampler = 0 } = parser.json.textures[index];
      const image = parser.json.images?.[source];
      if (image?.bufferView === undefined) return new Texture();
      const bytes = await parser.getDependency("bufferView", image.bufferView);
      const bitmap = await createImageBitmap(new Blob([bytes], { type: image.mimeType }), { premultiplyAlpha: "none", colorSpaceConversion: "none" });
      const texture = Object.assign(new Texture(bitmap), { flipY: false, needsUpdate: true });
      const { wrapS = 10497, wrapT = 10497 } = parser.json.samplers?.[sampler] ?? {};
      const wraps = new Map([[33071, 1001], [33648, 1002], [10497, 1000]]);
      texture.wrapS = /** @type {any} */ (wraps.get(wrapS) ?? 1000);
      texture.wrapT = /** @type {any} */ (wraps.get(wrapT) ?? 1000);
      parser.associations.set(texture, { textures: index });
      return texture;
    },
  };
}

/**
 * @param {string} form
 * @param {ArrayBuffer} bytes
 */
async function read(form, bytes) {
  if (form === "glb") {
    const loader = new GLTFLoader(nothingElse);
    loader.register(insideTextures);
    return (await loader.parseAsync(bytes, "")).scene;
  }
  const group = new Group();
  if (form === "stl") {
    const shape = new STLLoader().parse(bytes);
    shape.deleteAttribute("normal"); // many programs write zeros there
    group.add(new Mesh(shape));
    group.rotation.x = -Math.PI / 2; // in files for printers z points up
  } else {
    group.add(new OBJLoader(nothingElse).parse(new TextDecoder().decode(bytes)));
  }
  group.traverse((part) => { if (/** @type {any} */ (part).isMesh) dress(/** @type {Mesh} */ (part)); });
  return group;
}

/**
 * @param {HTMLElement} place
 * @param {import("three").Object3D} model
 */
function show(place, model) {
  const renderer = new WebGLRenderer({ antialias: true, alpha: true });
  renderer.outputColorSpace = SRGBColorSpace;
  renderer.setPixelRatio(Math.min(devicePixelRatio, 2));
  const scene = new Scene();
  const camera = new PerspectiveCamera(40, 1, 0.001, 1_000);
  const light = new DirectionalLight(0xffffff, 2.2);
  light.position.set(0.6, 1, 0.8);
  camera.add(light);
  scene.add(camera, new AmbientLight(0xffffff, 1.1), model);

  const box = new Box3().setFromObject(model);
  const scale = 2 / (box.getSize(new Vector3()).length() || 1);
  model.position.sub(box.getCenter(new Vector3()).multiplyScalar(scale));
  model.scale.multiplyScalar(scale);
  camera.position.set(1.6, 1.2, 2.2).setLength(3 / Math.min(1, place.clientWidth / Math.max(1, place.clientHeight)));

  const canvas = renderer.domElement;
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", place.dataset.label ?? "");
  const controls = new OrbitControls(camera, canvas);
  controls.listenToKeyEvents(canvas);
  controls.saveState();
  const draw = () => renderer.render(scene, camera);
  controls.addEventListener("change", () => requestAnimationFrame(draw));
  canvas.addEventListener("dblclick", () => controls.reset());
  place.replaceChildren(canvas);
  new ResizeObserver(() => {
    renderer.setSize(place.clientWidth, place.clientHeight);
    camera.aspect = place.clientWidth / Math.max(1, place.clientHeight);
    camera.updateProjectionMatrix();
    draw();
  }).observe(place);
}

/** @param {HTMLElement} place */
async function begin(place) {
  const words = /** @type {HTMLElement} */ (place.querySelector("[data-words]"));
  words.hidden = false;
  words.textContent = "Loading the model…";
  try {
    const answer = await fetch(place.dataset.model ?? "");
    if (!answer.ok) throw new Error(String(answer.status));
    show(place, await read(place.dataset.form ?? "", await answer.arrayBuffer()));
  } catch {
    words.textContent = "This browser cannot draw the model. Download the file to open it with a program.";
  }
}

for (const place of document.querySelectorAll("[data-model]")) void begin(/** @type {HTMLElement} */ (place));
