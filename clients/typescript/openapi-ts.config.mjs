// Options of the generator; `make typescript` sets input and output.
export default {
  plugins: [
    // As the published client of Waldur does: a response with an error status is thrown.
    { name: '@hey-api/client-fetch', throwOnError: true },
    '@hey-api/typescript',
    '@hey-api/sdk',
  ],
};
