"""Environments played by a person in a window, whatever their actions: the inside of `masked-envs play`.

    table.py            what a person sits at: an environment, its picture, its positions
    own_table.py        an environment of the person's own
    partial_action.py   any action as choices made one after another, each under the mask of those before it
    chooser.py          what is drawn of those choices, and which one a click means
    game.py             keys, clicks and words

Modules are imported on first use: the game needs pygame.
"""
