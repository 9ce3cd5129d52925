"""Names of packages that many projects use: a new name one letter away from one of them may be a trap.

Our own list, of what is installed most. It only has to hold the names that are worth imitating.
"""

from __future__ import annotations

_PYPI = """
requests urllib3 certifi idna charset-normalizer setuptools wheel pip packaging numpy pandas scipy
matplotlib scikit-learn tensorflow torch torchvision keras pillow opencv-python boto3 botocore s3transfer
awscli google-auth google-api-core google-cloud-storage protobuf grpcio googleapis-common-protos azure-core
azure-identity azure-storage-blob cryptography pyopenssl pyjwt bcrypt passlib paramiko django
djangorestframework flask fastapi starlette uvicorn gunicorn werkzeug jinja2 markupsafe itsdangerous click
pydantic pydantic-core sqlalchemy alembic psycopg2 psycopg2-binary psycopg pymysql mysqlclient redis celery
kombu pika kafka-python pymongo elasticsearch aiohttp httpx httpcore anyio trio tornado twisted websockets
pyyaml toml tomli tomlkit python-dateutil pytz tzdata six attrs cattrs typing-extensions mypy
mypy-extensions pyright ruff black isort flake8 pylint pytest pytest-cov pytest-asyncio pytest-mock
pytest-xdist hypothesis coverage tox nox pre-commit virtualenv poetry poetry-core hatch hatchling build
twine beautifulsoup4 lxml html5lib scrapy selenium playwright openpyxl xlrd xlsxwriter python-dotenv loguru
structlog rich tqdm colorama tabulate termcolor psutil docker kubernetes ansible fabric jsonschema
simplejson orjson ujson msgpack cffi pycparser greenlet gevent zipp importlib-metadata platformdirs filelock
distlib joblib networkx sympy seaborn plotly bokeh dash streamlit gradio transformers tokenizers
huggingface-hub datasets sentencepiece openai anthropic langchain langchain-core tiktoken nltk spacy gensim
xgboost lightgbm pyarrow polars dask ipython ipykernel jupyter jupyterlab notebook nbconvert sphinx mkdocs
mkdocs-material docutils pygments markdown mistune regex rsa pyasn1 oauthlib requests-oauthlib sentry-sdk
prometheus-client opentelemetry-api stripe twilio slack-sdk discord-py telethon faker factory-boy freezegun
responses moto vcrpy cython numba h5py netaddr pexpect ptyprocess watchdog schedule apscheduler rq dnspython
ldap3 pynacl marshmallow graphene python-multipart email-validator
"""
_NPM = """
react react-dom react-router react-router-dom react-redux react-scripts react-native redux redux-thunk next
nuxt vue vuex vue-router pinia angular svelte preact express koa fastify hapi nestjs lodash lodash.merge
underscore ramda async axios node-fetch cross-fetch got request superagent undici chalk kleur colors
picocolors commander yargs minimist inquirer prompts ora debug winston pino morgan moment dayjs date-fns
luxon uuid nanoid classnames clsx prop-types typescript ts-node tsx esbuild webpack webpack-cli
webpack-dev-server rollup vite parcel babel-core babel-loader css-loader style-loader sass less postcss
autoprefixer tailwindcss bootstrap jquery popper.js eslint prettier husky lint-staged jest ts-jest mocha
chai sinon vitest cypress playwright puppeteer jsdom cheerio karma jasmine nyc tap mongoose mongodb mysql
mysql2 sequelize typeorm prisma knex redis ioredis bull kafkajs amqplib ws socket.io socket.io-client
graphql apollo-server apollo-client body-parser cookie-parser cors helmet passport jsonwebtoken bcrypt
bcryptjs crypto-js dotenv dotenv-expand cross-env rimraf mkdirp glob globby minimatch fs-extra chokidar
nodemon pm2 concurrently semver tslib core-js regenerator-runtime rxjs zone.js immer zustand mobx formik yup
zod ajv joi validator qs query-string form-data mime mime-types multer sharp jimp canvas three d3 chart.js
echarts leaflet handlebars ejs pug mustache marked markdown-it highlight.js prismjs electron
electron-builder ethers web3 openai discord.js telegraf stripe aws-sdk firebase firebase-admin nodemailer
twilio iconv-lite readable-stream through2 inherits safe-buffer string-width strip-ansi ansi-styles
ansi-regex supports-color escape-string-regexp has-flag is-promise left-pad event-stream ua-parser-js coa rc
node-gyp node-ipc prebuild-install yaml js-yaml ini toml
"""
_CRATES = """
serde serde-json serde-derive serde-yaml tokio tokio-util futures async-trait reqwest hyper axum actix-web
warp rocket tower tonic prost clap structopt anyhow thiserror log env-logger tracing tracing-subscriber rand
rand-core regex lazy-static once-cell chrono time uuid url bytes itertools rayon crossbeam parking-lot
dashmap hashbrown indexmap smallvec base64 hex sha2 md-5 ring rustls openssl openssl-sys native-tls libc
winapi windows-sys bitflags num-traits syn quote proc-macro2 diesel sqlx rusqlite redis mongodb tempfile
walkdir glob toml nom pest criterion proptest
"""
_GEMS = """
rails rack rake bundler activerecord activesupport actionpack nokogiri devise puma sidekiq redis pg mysql2
sqlite3 rspec rspec-core rspec-rails minitest rubocop capybara factory-bot faker json i18n thor faraday
httparty rest-client jwt bcrypt sinatra sequel resque unicorn jekyll pry byebug dotenv aws-sdk stripe
octokit concurrent-ruby tzinfo
"""
POPULAR = {
    "PyPI": frozenset(_PYPI.split()),
    "npm": frozenset(_NPM.split()),
    "crates.io": frozenset(_CRATES.split()),
    "RubyGems": frozenset(_GEMS.split()),
}
_SHORTEST = 4


def imitated(name: str, ecosystem: str, used: frozenset[str]) -> str | None:
    """The popular or already used name that `name` is one letter away from, if it is no such name itself."""
    popular = POPULAR.get(ecosystem, frozenset[str]())
    if name in popular or name in used or len(name) < _SHORTEST:
        return None
    others = (one for one in sorted(popular | used) if len(one) >= _SHORTEST)
    return next((one for one in others if is_one_edit_apart(name, one)), None)


def is_one_edit_apart(one: str, other: str) -> bool:
    """One letter more, less, other, or two neighbours swapped; or only its separators differ."""
    if one == other or abs(len(one) - len(other)) > 1:
        return _squeezed(one) == _squeezed(other) and one != other
    if _squeezed(one) == _squeezed(other):
        return True
    start = next(
        (at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
    a, b = one[start:], other[start:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])


def _squeezed(name: str) -> str:
    return name.replace("-", "").replace("_", "").replace(".", "")
