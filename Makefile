# `make test ARGS='--test it journal'` passes arguments on.
.PHONY: run test bench torture lint spec web

run:
	scripts/web.sh
	cargo run --release -- demo $(ARGS)

test:
	scripts/test.sh $(ARGS)

bench:
	scripts/bench.sh $(ARGS)

torture:
	scripts/with-postgres.sh scripts/with-redis.sh cargo test --release --test it $(ARGS) -- --ignored

lint:
	cargo fmt --check
	cargo clippy --all-targets -- -D warnings

spec:
	cargo run -- spec

web:
	scripts/web.sh --need
