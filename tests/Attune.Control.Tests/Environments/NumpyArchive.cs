using System.IO.Compression;
using System.Runtime.InteropServices;

namespace Attune.Control.Tests.Environments;

/// <summary>The arrays of a .npz file that hold plain numbers.</summary>
internal static class NumpyArchive
{
    /// <summary>An array's numbers, row by row; the caller knows their type.</summary>
    public static T[] Read<T>(string path, string name)
        where T : unmanaged
    {
        using var archive = ZipFile.OpenRead(path);
        using var stream = archive.GetEntry($"{name}.npy")!.Open();
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        var bytes = memory.ToArray().AsSpan();
        return MemoryMarshal.Cast<byte, T>(bytes[(10 + BitConverter.ToUInt16(bytes[8..10]))..]).ToArray();
    }
}
