FROM node:24-slim AS build
WORKDIR /build
COPY . .
RUN npm ci && npm run build && mkdir /packed \
  && npm pack --ignore-scripts --pack-destination /packed \
  && npm pack --ignore-scripts --workspace client --pack-destination /packed

FROM node:24-slim
WORKDIR /app
COPY --from=build /packed /packed
RUN npm install --no-audit --no-fund /packed/*.tgz && rm -r /packed \
  && install --directory --owner=node --group=node --mode=0700 /data
COPY examples/broker.mjs ./broker.mjs
USER node
VOLUME /data
EXPOSE 8787 4318 4317
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8787/readyz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Room for what is under way in the young generation: shorter pauses under a flood.
ENTRYPOINT ["node", "--max-semi-space-size=32", "node_modules/tripcoil/dist/src/main.js"]
CMD ["serve", "--config", "/etc/tripcoil/tripcoil.yaml"]
