// SPDX-License-Identifier: Apache-2.0
// What the console uses of libraries that describe no types, or too many.
declare module '*.css';

declare module 'bpmn-js/lib/NavigatedViewer' {
  export interface Shape { id: string; type: string; x: number; y: number; width: number; height: number; businessObject: { name?: string; $type: string } }
  export interface Canvas {
    addMarker(id: string, marker: string): void;
    removeMarker(id: string, marker: string): void;
    zoom(level: 'fit-viewport' | number, center?: 'auto' | null): number;
    viewbox(): { inner: { width: number; height: number }; outer: { width: number; height: number } };
    scrollToElement(id: string, padding?: number): void;
    resized(): void;
  }
  export interface Registry { get(id: string): Shape | undefined; filter(keep: (shape: Shape) => boolean): Shape[] }
  export interface Overlays { add(id: string, type: string, overlay: { position: Record<string, number>; html: HTMLElement }): string; remove(filter: { type: string }): void }
  export interface EventBus { on(event: string, listener: (event: { element: Shape }) => void): void }
  interface Services { canvas: Canvas; elementRegistry: Registry; overlays: Overlays; eventBus: EventBus }
  export default class NavigatedViewer {
    constructor(options: Record<string, unknown>);
    importXML(xml: string): Promise<{ warnings: unknown[] }>;
    get<Name extends keyof Services>(name: Name): Services[Name];
    destroy(): void;
  }
}

declare module 'bpmn-auto-layout' {
  export function layoutProcess(xml: string): Promise<string>;
}

declare module '@bpmn-io/form-js-viewer' {
  export class Form {
    constructor(options: { container: HTMLElement });
    importSchema(schema: unknown, data: unknown): Promise<{ warnings: unknown[] }>;
    submit(): { data: Record<string, unknown>; errors: Record<string, string[]> };
    on(event: string, listener: (event: { data: Record<string, unknown> }) => void): void;
    setProperty(name: 'readOnly', value: boolean): void;
    destroy(): void;
  }
}

declare module 'dmn-js/lib/NavigatedViewer' {
  interface View { type: string; name?: string; element: { id: string } }
  export default class NavigatedViewer {
    constructor(options: { container: HTMLElement });
    importXML(xml: string): Promise<{ warnings: unknown[] }>;
    getViews(): View[];
    open(view: View): Promise<void>;
    destroy(): void;
  }
}
