"""The small server behind the links of the mails: subscribe, confirm, leave, change. The only importer of Starlette and uvicorn, both slow
to load: import these modules late.

    serving      the sockets: where it listens, how long a connection may take, how it ends      uvicorn
    guarding     what stands before every answer: headers, limits, the log line                   ASGI
    application  which address does what                                                          Starlette
    bodies       what a form says, however it was sent                                            pure, but for reading it
    signup       what was written into the subscribe form, and what is wrong with it              pure
    submitting   webmentions, and links that readers suggest: taken in, and left to the next run
    suggestion   what was written into the form for a link, and what is wrong with it        pure
    stamps       when a form was shown, signed                                                    pure
    networks     where a request comes from                                                       pure
    turnstile    how many requests of one network are let through
    pages        answers as HTML                                                                  templates
    afterwards   what is done once the answer is given: the address is looked at, the letter mailed
    opening      puts these together

A GET changes nothing: programs that guard mailboxes open every link. What a link does is behind the one button of its page.
The answer to somebody who subscribes is made before anybody looks whether the address is known, so that neither words nor time tell.
"""
