using System;
using System.IO;
using System.Text;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

/// <summary>
/// TorchSharp's native wrapper asks for version GLIBCXX_3.4.32 of libstdc++ (GCC 13), which Debian 12 and Ubuntu 22.04 lack.
/// The only symbol behind that version, _ZSt21ios_base_library_initv, is never called, yet the loader refuses the library.
/// This task marks the version requirement as weak (VER_FLG_WEAK) in the build output's own copy, so that the loader
/// goes on without it. Systems that have the version are left alone. See docs/native-libraries.md.
/// </summary>
public sealed class WeakenLibstdcxx : Task
{
    private const string Version = "GLIBCXX_3.4.32";
    private const ushort Weak = 0x2;

    [Required]
    public string Library { get; set; } = "";

    /// <summary>Also where this system's libstdc++ has the version: the file goes to others.</summary>
    public bool Always { get; set; }

    public override bool Execute()
    {
        if (!File.Exists(Library) || (!Always && SystemHasVersion()))
        {
            return true;
        }

        byte[] image = File.ReadAllBytes(Library);
        int flags = FindFlagsOrNone(image);
        if (flags < 0 || (BitConverter.ToUInt16(image, flags) & Weak) != 0)
        {
            return true;
        }

        image[flags] |= (byte)Weak;
        // The output may be a hard link into the package cache: write a new file and rename it over, never in place.
        DateTime stamp = File.GetLastWriteTimeUtc(Library);
        string temporary = Library + ".weak";
        File.WriteAllBytes(temporary, image);
        File.SetLastWriteTimeUtc(temporary, stamp);
        File.Delete(Library);
        File.Move(temporary, Library);
        Log.LogMessage(MessageImportance.Normal, "{0}: {1} is now optional, because this system's libstdc++ lacks it.", Library, Version);
        return true;
    }

    /// <summary>A file that only looks like a library, or is cut short, has no such entry.</summary>
    private static int FindFlagsOrNone(byte[] image)
    {
        try
        {
            return FindFlags(image, Version);
        }
        catch (Exception problem) when (problem is OverflowException || problem is ArgumentException || problem is IndexOutOfRangeException)
        {
            return -1;
        }
    }

    /// <summary>True where a libstdc++ in the usual places has the version, or where none is found to judge by.</summary>
    private static bool SystemHasVersion()
    {
        string search = Environment.GetEnvironmentVariable("LD_LIBRARY_PATH") ?? "";
        string[] usual = { "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/lib64", "/usr/lib", "/lib" };
        foreach (string folder in (search + ":" + string.Join(":", usual)).Split(new[] { ':' }, StringSplitOptions.RemoveEmptyEntries))
        {
            string path = Path.Combine(folder, "libstdc++.so.6");
            if (File.Exists(path))
            {
                return Encoding.ASCII.GetString(File.ReadAllBytes(path)).Contains(Version);
            }
        }

        return true;
    }

    /// <summary>Offset of the version's vna_flags in .gnu.version_r of a little-endian ELF64 file; -1 where there is none.</summary>
    public static int FindFlags(byte[] image, string version)
    {
        const int VersionNeeds = 0x6ffffffe; // SHT_GNU_verneed
        if (
            image.Length < 64
            || image[0] != 0x7f
            || image[1] != 'E'
            || image[2] != 'L'
            || image[3] != 'F'
            || image[4] != 2
            || image[5] != 1
        )
        {
            return -1;
        }

        long sections = BitConverter.ToInt64(image, 0x28);
        int size = BitConverter.ToUInt16(image, 0x3A);
        int count = BitConverter.ToUInt16(image, 0x3C);
        if (sections <= 0 || sections + (long)size * count > image.Length)
        {
            return -1; // cut short
        }

        for (int i = 0; i < count; i++)
        {
            int header = checked((int)(sections + (long)i * size));
            if (header + 64 > image.Length || BitConverter.ToInt32(image, header + 4) != VersionNeeds)
            {
                continue;
            }

            int names = checked((int)(sections + (long)BitConverter.ToInt32(image, header + 0x28) * size));
            int strings = checked((int)BitConverter.ToInt64(image, names + 0x18));
            int need = checked((int)BitConverter.ToInt64(image, header + 0x18));
            while (true)
            {
                // Verneed: version, count (2 bytes each), file, first entry, next (4 bytes each).
                int entry = need + BitConverter.ToInt32(image, need + 8);
                for (int left = BitConverter.ToUInt16(image, need + 2); left > 0; left--)
                {
                    // Vernaux: hash (4), flags (2), other (2), name (4), next (4).
                    if (NameAt(image, strings + BitConverter.ToInt32(image, entry + 8)) == version)
                    {
                        return entry + 4;
                    }

                    entry += BitConverter.ToInt32(image, entry + 12);
                }

                int next = BitConverter.ToInt32(image, need + 12);
                if (next == 0)
                {
                    break;
                }

                need += next;
            }
        }

        return -1;
    }

    private static string NameAt(byte[] image, int start)
    {
        int end = Array.IndexOf(image, (byte)0, start);
        return Encoding.ASCII.GetString(image, start, end - start);
    }
}
