// Which ground suits this PC: WebGL where a graphics card draws it, the plain canvas elsewhere.

const SOFTWARE = /swiftshader|llvmpipe|software|basic render|mesa offscreen/i;

/** `?map=gl` and `?map=canvas` choose by hand. */
export async function bestKind(): Promise<'canvas' | 'gl'> {
  const wish = new URLSearchParams(location.search).get('map');
  if (wish === 'gl' || wish === 'canvas') return wish;
  const context = document.createElement('canvas').getContext('webgl2', { failIfMajorPerformanceCaveat: true });
  if (!context) return 'canvas';
  const told = context.getExtension('WEBGL_debug_renderer_info');
  const renderer = String(context.getParameter(told ? told.UNMASKED_RENDERER_WEBGL : context.RENDERER));
  context.getExtension('WEBGL_lose_context')?.loseContext();
  return SOFTWARE.test(renderer) ? 'canvas' : 'gl';
}
