// SPDX-License-Identifier: Apache-2.0
import { defineConfig, type Plugin } from 'vite';

// dmn-js writes styles into markup, which the page's policy does not allow: they are set from code (diagram/dmn.ts).
const stylesFromCode: Plugin = {
  name: 'styles-from-code',
  transform: (code, id) => (/dmn-js-shared.*PoweredByUtil\.js$/.test(id) ? code.replaceAll('style="', 'data-style="') : null),
};

export default defineConfig({
  plugins: [stylesFromCode],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    target: 'es2022',
    manifest: true,
    assetsInlineLimit: 0, // nothing inline: the page's policy takes files of ours alone
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 2000,
  },
});
