export const id = {
  'ride.none': 'Anda belum masuk ke unit mana pun.',
  'ride.with': 'Anda bertugas dengan unit {unit}.',
} as const;
