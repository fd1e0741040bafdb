// SPDX-License-Identifier: Apache-2.0
// Line icons, 20 units wide. They stand beside words, so screen readers do not hear them.
const paths = {
  home: 'M3 9.5 10 3.5l7 6M5 8.5V16h3.5v-4.5h3V16H15V8.5',
  tasks: 'M4 5.5l1.5 1.5L8 4.5M4 11.5 5.5 13 8 10.5M11 6h5.5M11 12h5.5',
  process: 'M3 7.5h4v5H3zM13 7.5h4v5h-4zM7 10h6',
  instances: 'M4 4.5h12v4H4zM4 11.5h12v4H4zM6.5 6.5h.01M6.5 13.5h.01',
  incident: 'M10 3.5 17.5 16h-15zM10 8v3.5M10 13.6v.01',
  job: 'M10 7.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6M10 3v2M10 15v2M3 10h2M15 10h2M5.05 5.05l1.4 1.4M13.55 13.55l1.4 1.4M14.95 5.05l-1.4 1.4M6.45 13.55l-1.4 1.4',
  message: 'M3.5 5h13v10h-13zM3.5 5.5 10 10.5l6.5-5',
  decision: 'M3.5 4.5h13v11h-13zM3.5 8h13M8 8v7.5',
  batch: 'M10 3.5 16.5 7 10 10.5 3.5 7zM3.5 10.3 10 13.8l6.5-3.5M3.5 13.4 10 16.9l6.5-3.5',
  deploy: 'M10 13V4M6.5 7.5 10 4l3.5 3.5M4 12.5V16h12v-3.5',
  cluster: 'M4 4h12v4.5H4zM4 11.5h12V16H4zM7 6.2h.01M7 13.7h.01M10 8.5v3',
  admin: 'M7.5 9.5a2.7 2.7 0 1 0 0-5.4 2.7 2.7 0 0 0 0 5.4M2.8 16c.3-2.6 2.2-4.2 4.7-4.2s4.4 1.6 4.7 4.2M13 4.4a2.6 2.6 0 0 1 0 5M14.2 12c1.8.4 2.9 1.9 3.1 4',
  insight: 'M3.5 16.5h13M5.5 13.5V10M9 13.5V6M12.5 13.5V8.5M16 13.5V4',
  search: 'M9 4a5 5 0 1 0 0 10A5 5 0 0 0 9 4M12.7 12.7 16.5 16.5',
  check: 'M4.5 10.5 8.2 14 15.5 6', x: 'M5.5 5.5l9 9M14.5 5.5l-9 9', right: 'M7.5 5l5 5-5 5', down: 'M5 7.5l5 5 5-5', up: 'M5 12.5l5-5 5 5', left: 'M12.5 5l-5 5 5 5',
  dots: 'M5 10h.01M10 10h.01M15 10h.01', play: 'M6.5 4.5v11l9-5.5z', pause: 'M7 5v10M13 5v10', stop: 'M5.5 5.5h9v9h-9z', again: 'M15.5 8A6 6 0 1 0 16 11M16 4.5V8.2h-3.7',
  copy: 'M7.5 7.5h8v8h-8zM12.5 7.5v-3h-8v8h3', download: 'M10 4v8.5M6.5 9 10 12.5 13.5 9M4 15.5h12', filter: 'M3.5 5h13l-5 6v4.5l-3-1.5v-3z',
  user: 'M10 9.8a2.9 2.9 0 1 0 0-5.8 2.9 2.9 0 0 0 0 5.8M4.5 16.3c.3-2.8 2.5-4.4 5.5-4.4s5.2 1.6 5.5 4.4', clock: 'M10 3.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13M10 6.5V10l2.5 1.8',
  sun: 'M10 7a3 3 0 1 0 0 6 3 3 0 0 0 0-6M10 2.5v1.8M10 15.7v1.8M2.5 10h1.8M15.7 10h1.8M4.7 4.7 6 6M14 14l1.3 1.3M15.3 4.7 14 6M6 14l-1.3 1.3', key: 'M7 8.5a3.5 3.5 0 1 0 2.6 5.8l1.4-1.4 1.2.3.3-1.6 1.6-.3V9.6l1.6-1.6.3-2.5-2.2.1-4.6 4.6A3.5 3.5 0 0 0 7 8.5',
  info: 'M10 3.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13M10 9.3v4M10 6.7v.01', plus: 'M10 4.5v11M4.5 10h11', out: 'M8.5 4H4v12h4.5M8 10h8.5M13.5 7l3 3-3 3', link: 'M8.5 11.5 12 8M7.5 8.5l-2 2a2.8 2.8 0 0 0 4 4l2-2M12.5 11.5l2-2a2.8 2.8 0 0 0-4-4l-2 2',
  edit: 'M4 16l.7-3.2L13 4.5l2.5 2.5-8.3 8.3z', ban: 'M10 3.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13M5.5 5.5l9 9', circle: 'M10 4.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11', dot: 'M10 7.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z',
  history: 'M4 7.5A6.5 6.5 0 1 1 3.5 11M3.5 4.5v3.3h3.3M10 6.8V10l2.3 1.6', tree: 'M4 4.5h5v3H4zM11 9.5h5v3h-5zM11 14h5v3h-5zM6 7.5V15.5h5M6 11h5', columns: 'M4 4.5h12v11H4zM8 4.5v11M12 4.5v11', menu: 'M3.5 6h13M3.5 10h13M3.5 14h13', star: 'M10 3.5l2 4.2 4.6.6-3.4 3.2.9 4.6L10 13.9l-4.1 2.2.9-4.6L3.4 8.3 8 7.7z', trash: 'M4.5 6h11M8 6V4.2h4V6M6 6l.7 10h6.6L14 6M8.7 8.8v4.5M11.3 8.8v4.5', move: 'M4 10h11M11 6l4 4-4 4',
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name, size = 18, fill = false }: { name: IconName; size?: number; fill?: boolean }) {
  return (
    <svg width={size} height={size} viewBox="0 0 20 20" fill={fill ? 'currentColor' : 'none'} stroke="currentColor" stroke-width={name === 'dots' ? 2.6 : 1.6} stroke-linecap="round"
      stroke-linejoin="round" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}
