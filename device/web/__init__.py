"""The live page: what `postread watch` sees and reads, in a browser; starlette and uvicorn (extra `web`)."""
