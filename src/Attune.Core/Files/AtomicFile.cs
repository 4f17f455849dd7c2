namespace Attune.Core.Files;

/// <summary>Writes files whole or not at all, also in a crash or on a full disk.</summary>
public static class AtomicFile
{
    private const string Temporary = ".tmp-";

    /// <summary>Writes to a temporary file beside <paramref name="path"/>, flushes it to disk and renames it into place.</summary>
    /// <exception cref="AttuneException">The file cannot be written (full disk, no permission); nothing is left behind.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        var full = Path.GetFullPath(path);
        var temporary = full + Temporary + Environment.ProcessId;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, full, overwrite: true);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            TryDelete(temporary);
            throw Unwritable(full, problem);
        }
    }

    /// <summary>As <see cref="Write"/>, for content that is awaited.</summary>
    public static async Task WriteAsync(string path, Func<Stream, Task> write, CancellationToken cancel)
    {
        var full = Path.GetFullPath(path);
        var temporary = full + Temporary + Environment.ProcessId;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            await using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16))
            {
                await write(stream);
                await stream.FlushAsync(cancel);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, full, overwrite: true);
        }
        catch (Exception problem)
        {
            TryDelete(temporary);
            if (problem is not (IOException or UnauthorizedAccessException))
            {
                throw;
            }
            throw Unwritable(full, problem);
        }
    }

    /// <exception cref="AttuneException">As for <see cref="Write"/>.</exception>
    public static void WriteText(string path, string text) =>
        Write(
            path,
            stream =>
            {
                using var writer = new StreamWriter(stream, leaveOpen: true);
                writer.Write(text);
            }
        );

    /// <summary>Whether a path is a temporary file that a killed process left behind.</summary>
    public static bool IsLeftover(string path)
    {
        var name = Path.GetFileName(path.AsSpan());
        var at = name.LastIndexOf(Temporary, StringComparison.Ordinal);
        return at > 0 && name.Length > at + Temporary.Length && !name[(at + Temporary.Length)..].ContainsAnyExceptInRange('0', '9');
    }

    private static AttuneException Unwritable(string path, Exception problem)
    {
        for (var folder = Path.GetDirectoryName(path); folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(folder))
            {
                return new AttuneException(
                    $"{path} could not be written: {folder} is a file; expected a folder. Choose another place.",
                    problem
                );
            }
        }

        var remedy =
            problem is UnauthorizedAccessException ? "Choose a place that you may write to" : "Free some space or choose another folder";
        return new AttuneException($"{path} could not be written: {problem.Message.TrimEnd('.')}. {remedy}; nothing was changed.", problem);
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (IOException)
        {
            // The message about the first failure matters more than a leftover temporary file.
        }
    }
}
