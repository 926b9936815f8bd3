"""Work for later: batches of pictures, kept on disk until their results have been fetched."""
