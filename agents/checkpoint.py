load_checkpoint = save_checkpoint = None
