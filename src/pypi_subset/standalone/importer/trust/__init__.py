"""Who signed a bundle: Ed25519, signatures of ssh-keygen, and the file of allowed signers."""
