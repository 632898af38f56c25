using System.Text;
using Ashlar.Tokenizers.Models;

namespace Ashlar.Tokenizers.Files;

/// <summary>What a SentencePiece <c>.model</c> says that concerns encoding (<c>sentencepiece_model.proto</c>, ModelProto).</summary>
internal sealed class SentencePieceProto
{
    public List<Piece> Pieces { get; } = [];

    /// <summary>1 unigram, 2 BPE, 3 word, 4 char.</summary>
    public int ModelType { get; private set; } = 1;

    public bool ByteFallback { get; private set; }

    public bool WhitespaceAsSuffix { get; private set; }

    public byte[] CharacterMap { get; private set; } = [];

    public bool AddDummyPrefix { get; private set; } = true;

    public bool RemoveExtraWhitespaces { get; private set; } = true;

    public bool EscapeWhitespaces { get; private set; } = true;

    public int Unknown { get; private set; }

    public int Begin { get; private set; } = 1;

    public int End { get; private set; } = 2;

    public int Padding { get; private set; } = -1;

    /// <summary>Reads a file.</summary>
    /// <exception cref="InvalidDataException">Not such a file.</exception>
    public static SentencePieceProto Read(ReadOnlySpan<byte> file)
    {
        SentencePieceProto model = new();
        ProtobufReader reader = new(file);
        while (reader.Next())
        {
            if (!reader.HasBytes)
                continue;
            switch (reader.Field)
            {
                case 1:
                    model.Pieces.Add(ReadPiece(reader.Bytes));
                    break;
                case 2:
                    model.ReadTrainer(reader.Bytes);
                    break;
                case 3:
                    model.ReadNormalizer(reader.Bytes);
                    break;
            }
        }

        return model.Pieces.Count > 0 ? model : throw new InvalidDataException("not a SentencePiece model: it holds no pieces.");
    }

    private static Piece ReadPiece(ReadOnlySpan<byte> message)
    {
        string text = "";
        float score = 0;
        PieceKind kind = PieceKind.Normal;
        ProtobufReader reader = new(message);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1:
                    text = Encoding.UTF8.GetString(reader.Bytes);
                    break;
                case 2:
                    score = reader.Single;
                    break;
                case 3:
                    kind = (PieceKind)reader.Number;
                    break;
            }
        }

        if (kind is < PieceKind.Normal or > PieceKind.Byte)
            throw new InvalidDataException($"the piece '{text}' has the type {(int)kind}; expected 1 to 6.");
        return new Piece(text, score, kind);
    }

    private void ReadTrainer(ReadOnlySpan<byte> message)
    {
        ProtobufReader reader = new(message);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 3:
                    ModelType = (int)reader.Number;
                    break;
                case 24:
                    WhitespaceAsSuffix = reader.Number != 0;
                    break;
                case 35:
                    ByteFallback = reader.Number != 0;
                    break;
                case 40:
                    Unknown = (int)reader.Number;
                    break;
                case 41:
                    Begin = (int)reader.Number;
                    break;
                case 42:
                    End = (int)reader.Number;
                    break;
                case 43:
                    Padding = (int)reader.Number;
                    break;
            }
        }
    }

    private void ReadNormalizer(ReadOnlySpan<byte> message)
    {
        ProtobufReader reader = new(message);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 2:
                    CharacterMap = reader.Bytes.ToArray();
                    break;
                case 3:
                    AddDummyPrefix = reader.Number != 0;
                    break;
                case 4:
                    RemoveExtraWhitespaces = reader.Number != 0;
                    break;
                case 5:
                    EscapeWhitespaces = reader.Number != 0;
                    break;
            }
        }
    }
}
