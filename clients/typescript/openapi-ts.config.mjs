// What `make typescript` generates; its input and output are named there.
export default {
  plugins: [
    // As the published client of Waldur does: an answer that is no success is thrown.
    { name: '@hey-api/client-fetch', throwOnError: true },
    '@hey-api/typescript',
    '@hey-api/sdk',
  ],
};
