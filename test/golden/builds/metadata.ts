import { type GoldenCase, refuse } from './golden-case.ts';

const TIMES = ['interval', 'timeout', 'start-period', 'start-interval'].map((name) => `HEALTHCHECK --${name}`);

export const METADATA_CASES: readonly GoldenCase[] = [
  {
    covers: ['FROM --platform'],
    about: '8, 18: an empty image is of the target’s platform, whatever is written',
    dockerfile: ['FROM --platform=linux/amd64 scratch', 'COPY f /'],
    files: { f: 'f' },
    options: { platform: 'Linux/aarch64' },
    paths: { '/f': 'file 0644 0:0 f' },
    platform: 'linux/arm64',
  },
  {
    covers: ['FROM --platform'],
    about: '6, 7: expanded with global and automatic arguments',
    dockerfile: ['ARG OS=linux', 'FROM --platform=$OS/$TARGETARCH BUSYBOX', 'COPY f /'],
    files: { f: 'f' },
    options: { platform: 'linux/x86_64' },
    paths: { '/f': 'file 0644 0:0 f' },
    platform: 'linux/amd64',
  },
  {
    covers: ['FROM --platform'],
    about: '18: four parts',
    dockerfile: ['FROM --platform=linux/arm/v7/x scratch'],
    refused: 'PLAN_BAD_PLATFORM',
    line: 1,
  },
  {
    covers: [...TIMES, 'HEALTHCHECK --retries'],
    about: '9: nanoseconds, as given',
    dockerfile: [
      'FROM scratch',
      'HEALTHCHECK --interval=1m30s --timeout=500ms --start-period=2h --start-interval=1.5s --retries=7 CMD ["/check", "a b"]',
    ],
    paths: {},
    config: {
      Healthcheck: {
        Test: ['CMD', '/check', 'a b'],
        Interval: 90_000_000_000,
        Timeout: 500_000_000,
        StartPeriod: 7_200_000_000_000,
        StartInterval: 1_500_000_000,
        Retries: 7,
      },
    },
    history: [
      'HEALTHCHECK {Test:[CMD /check a b] Interval:1m30s Timeout:500ms StartPeriod:2h0m0s StartInterval:1.5s Retries:7}',
    ],
  },
  {
    covers: [...TIMES, 'HEALTHCHECK --retries'],
    about: '9: 0 is not given; a later one replaces the whole',
    dockerfile: [
      'FROM scratch',
      'HEALTHCHECK --retries=3 --timeout=9s CMD first',
      'HEALTHCHECK --interval=0 --timeout=1ms --start-period=0s --start-interval=0 --retries=0 CMD second',
    ],
    paths: {},
    config: { Healthcheck: { Test: ['CMD-SHELL', 'second'], Timeout: 1_000_000 } },
  },
  refuse('HEALTHCHECK --interval', 'HEALTHCHECK --interval=5 CMD x', 'PARSE_BAD_DURATION', '9: units are needed'),
  refuse('HEALTHCHECK --timeout', 'HEALTHCHECK --timeout=-1s CMD x', 'PARSE_BAD_DURATION', '9: below 1 ms'),
  refuse('HEALTHCHECK --start-period', 'HEALTHCHECK --start-period=1us CMD x', 'PARSE_BAD_DURATION', '9: below 1 ms'),
  refuse(
    'HEALTHCHECK --start-interval',
    'HEALTHCHECK --start-interval=x CMD x',
    'PARSE_BAD_DURATION',
    '9: no duration',
  ),
  refuse('HEALTHCHECK --retries', 'HEALTHCHECK --retries=-1 CMD x', 'PARSE_BAD_RETRIES', '9: not below 0'),
];
