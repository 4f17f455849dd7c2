using Attune.Core;

namespace Attune.Recipes.Running;

/// <summary>
/// Two processes must not write to one run folder. The system lets go of the lock when its process ends, however that happens.
/// </summary>
public static class RunLock
{
    private const string FileName = ".lock";

    /// <exception cref="AttuneException">Another process works in the folder.</exception>
    public static IDisposable Take(string folder)
    {
        var path = Path.Combine(folder, FileName);
        Directory.CreateDirectory(folder);
        try
        {
            return new FileStream(
                path,
                FileMode.OpenOrCreate,
                FileAccess.ReadWrite,
                FileShare.None,
                bufferSize: 0,
                FileOptions.DeleteOnClose
            );
        }
        catch (IOException) when (File.Exists(path))
        {
            throw new AttuneException($"{folder} is in use: another process runs there. Wait for it to end, or choose another --out.");
        }
    }
}
