// What the doctor's page and its panel say to each other.
import type { Doctor } from '../../protocol';

export type FromDoctor = { type: 'ready' } | { type: 'restart' } | { type: 'log' } | { type: 'fix'; name: string };

export type ToDoctor = { type: 'doctor'; doctor: Doctor } | { type: 'failed'; text: string };
