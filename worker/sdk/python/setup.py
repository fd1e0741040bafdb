# SPDX-License-Identifier: Apache-2.0
"""Makes baton.v1 of proto/ while the package is built: with protoc, or with grpcio-tools where there is none."""
import os
import shutil
import subprocess
import sys

from setuptools import setup
from setuptools.command.build_py import build_py

HERE = os.path.dirname(os.path.abspath(__file__))
NAMES = ('command', 'job', 'reply', 'event')


def protoc():
    found = shutil.which('protoc')
    if found:
        return [found]
    try:
        import grpc_tools  # noqa: F401
    except ImportError:
        raise SystemExit('the package is built with protoc (package protobuf-compiler) or grpcio-tools: neither is there')
    return [sys.executable, '-m', 'grpc_tools.protoc']


class Build(build_py):
    def run(self):
        super().run()
        proto = os.environ.get('BATON_PROTO') or os.path.join(HERE, '..', '..', '..', 'proto')
        files = [os.path.join(proto, 'baton', 'v1', f'{name}.proto') for name in NAMES]
        for file in files:
            if not os.path.exists(file):
                raise SystemExit(f'{file} is not there: build from a checkout, or name its folder proto in BATON_PROTO')
        subprocess.run([*protoc(), f'--python_out={self.build_lib}', f'-I{proto}', *files], check=True)
        open(os.path.join(self.build_lib, 'baton', 'v1', '__init__.py'), 'w').close()


setup(cmdclass={'build_py': Build})
