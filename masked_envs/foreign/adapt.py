def adapt(env):
    raise NotImplementedError
