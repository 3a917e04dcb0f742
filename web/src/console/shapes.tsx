// Shapes of the queue: how hot an incident is, how a report came in.

/** One flame for each grade of heat. */
export function Flames({ heat }: { heat: 0 | 1 | 2 | 3 }) {
  if (heat === 0) return null;
  const flame = 'M5 0c1 3 4 4.500 4 8a4 4 0 0 1-8 0c0-2 1-3 2-4 0 1.500.5 2 1 2C5 5 4 3 5 0z';
  return (
    <svg class="flames" viewBox={`0 0 ${heat * 10} 12`} aria-hidden="true">
      {[0, 1, 2].slice(0, heat).map((i) => <path key={i} d={flame} transform={`translate(${i * 10})`} />)}
    </svg>
  );
}

/** How a report came in, as a sign beside its word. */
const CHANNEL_SHAPES: Record<string, string> = {
  call: 'M4 1 6.500 5 5 6.500c.7 2 2.500 3.800 4.500 4.500L11 9.500 15 12c0 1.800-1.200 3-3 3C6 15 1 10 1 4c0-1.800 1.200-3 3-3z',
  whatsapp: 'M8 1a7 7 0 0 1 0 14 7 7 0 0 1-3.400-.9L1 15l.9-3.500A7 7 0 0 1 8 1zM5 6v2h6V6z',
  aml: 'M8 0a5 5 0 0 1 5 5c0 4-5 11-5 11S3 9 3 5a5 5 0 0 1 5-5zm0 3a2 2 0 1 0 0 4 2 2 0 0 0 0-4z',
  web: 'M1 2h14v12H1zm2 4v6h10V6z',
  api: 'M5 3 0 8l5 5 1.500-1.500L3 8l3.500-3.500zM11 3l5 5-5 5-1.500-1.500L13 8 9.500 4.500z',
  in_person: 'M8 1a3.500 3.500 0 1 1 0 7 3.500 3.500 0 0 1 0-7zM2 15c0-4 3-6 6-6s6 2 6 6z',
};

export function ChannelShape({ channel }: { channel: string }) {
  return <svg class="shape" viewBox="0 0 16 16" aria-hidden="true"><path fill-rule="evenodd" d={CHANNEL_SHAPES[channel]} /></svg>;
}
